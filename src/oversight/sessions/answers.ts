// What the answers about sessions look like: schemas that the operations, their description and the command line share.
import { z } from 'zod';
import { pageInfo } from '../../iam/page.js';

const status = z.enum(['active', 'expired', 'revoked']);
/** `transitive` and `inherited` are absent where only the audit knows the session any more. */
const sessionTag = z.object({ key: z.string(), value: z.string(), transitive: z.boolean().optional(), inherited: z.boolean().optional() });

const summary = {
  session_id: z.string(), urn: z.string(), account_id: z.string(), agency_id: z.string().optional(), agency_urn: z.string(), agency_session_name: z.string(), status,
  issued_at: z.string(), expires_at: z.string(), depth: z.int(), assumed_by: z.string(), root_principal: z.string().optional(), access_key_id: z.string(),
  // Of the older ways in; absent: AssumeAgency. The scope is a project's id, or `domain`.
  way: z.enum(['legacy-token', 'legacy-keys']).optional(), scope: z.string().optional(), session_user_name: z.string().optional(),
};

const sessionSummary = z.object({ ...summary, source_identity: z.string().optional(), tags: z.array(sessionTag) });
export type SessionSummary = z.infer<typeof sessionSummary>;
export const listSessionsAnswer = z.object({ sessions: z.array(sessionSummary), page_info: pageInfo });

/** The hop that set something: how many calls it lies behind the long-term key, and the session it issued. */
const origin = z.object({ depth: z.int(), session_id: z.string() });

/** What is told of every link: its id. Of a session that the account is a party to, also its names and times. */
const chainLink = z.object({
  kind: z.enum(['access_key', 'session']), id: z.string(), depth: z.int(), account_id: z.string().optional(), agency_id: z.string().optional(), agency_urn: z.string().optional(),
  agency_session_name: z.string().optional(), issued_at: z.string().optional(), expires_at: z.string().optional(), status: status.optional(),
});
export type ChainLink = z.infer<typeof chainLink>;

/** By a mark on the session or an ancestor, or by what ended everything that a subject issued: so far (`epoch`), or before a moment (`boundary`). */
const revocation = z.object({
  by: z.enum(['session', 'ancestor', 'epoch', 'boundary']), session_id: z.string().optional(), account_id: z.string().optional(), subject: z.string().optional(),
  issued_before: z.string().optional(), revoked_at: z.string().optional(), revoked_by: z.string().optional(), reason: z.string().optional(),
});
export type RevocationAnswer = z.infer<typeof revocation>;

const sessionDetails = z.object({
  ...summary,
  source: z.enum(['record', 'audit']),
  revocation: revocation.optional(),
  chain_started_at: z.string().optional(),
  chain: z.array(chainLink),
  source_identity: z.object({ value: z.string(), origin: origin.optional() }).optional(),
  tags: z.array(sessionTag.extend({ origin: origin.optional() })),
  /** `policy` and `policy_ids` for the account that owns the agency only. */
  session_policies: z.object({ is_narrowed: z.boolean(), policy: z.string().optional(), policy_ids: z.array(z.string()).optional() }).optional(),
  mfa_authenticated_at: z.string().optional(),
  last_use: z.object({ time: z.string(), source_ip: z.string() }).optional(),
  status_list: z.object({ list: z.string(), index: z.int() }).optional(),
});
export type SessionDetails = z.infer<typeof sessionDetails>;
export const getSessionAnswer = z.object({ session: sessionDetails });

/** Of a descendant that the account is no party to only the first four. */
const descendant = z.object({
  session_id: z.string(), parent_session_id: z.string(), depth: z.int(), status,
  urn: z.string().optional(), account_id: z.string().optional(), agency_urn: z.string().optional(), agency_session_name: z.string().optional(),
  issued_at: z.string().optional(), expires_at: z.string().optional(), assumed_by: z.string().optional(),
});
export type Descendant = z.infer<typeof descendant>;
export const listDescendantsAnswer = z.object({ descendants: z.array(descendant), page_info: pageInfo });
