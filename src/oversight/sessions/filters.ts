// Which sessions a list is to show.
import { z } from 'zod';
import { entityId } from '../../directory/names.js';
import { pageQuery } from '../../iam/page.js';
import { parseAgencyUrn } from '../../urn/urn.js';
import { moment, permanentAccessKeyId, sourceIdentity } from '../fields.js';
import type { SeenSession } from './seen-session.js';

const longestUrn = 1024;
const longestTag = 512;
const urn = z.string().min(1).max(longestUrn);

export const listSessionsQuery = z.strictObject({
  ...pageQuery,
  state: z.enum(['live', 'ended']).default('live'),
  agency: z.string().refine((text) => entityId.safeParse(text).success || parseAgencyUrn(text) !== undefined, 'must be the id or the URN of an agency').optional(),
  principal: urn.optional(), root_principal: urn.optional(),
  access_key_id: permanentAccessKeyId.optional(),
  source_identity: sourceIdentity.optional(),
  tag: z.string().min(1).max(longestTag).optional(),
  depth: z.string().regex(/^[1-9]\d?$/, 'must be a whole number from 1 on').transform(Number).optional(),
  issued_after: moment.optional(), issued_before: moment.optional(), expires_after: moment.optional(), expires_before: moment.optional(),
});
export type ListSessionsQuery = z.output<typeof listSessionsQuery>;

/** All that is asked for must hold; what is not known of a session does not hold. Windows begin with `after` and end before `before` [choice]. */
export function isWanted(session: SeenSession, query: ListSessionsQuery): boolean {
  const equal = (wanted: string | number | undefined, ...values: readonly (string | number | undefined)[]): boolean => wanted === undefined || values.includes(wanted);
  return equal(query.agency, session.agencyId, session.agencyUrn)
    && equal(query.principal, session.assumedBy)
    && equal(query.root_principal, session.rootPrincipal)
    && equal(query.access_key_id, session.chain[0])
    && equal(query.source_identity, session.sourceIdentity)
    && equal(query.depth, session.chain.length)
    // A key may hold `=`, so the text is not split.
    && (query.tag === undefined || session.tags.some(({ key, value }) => query.tag === key || query.tag === `${key}=${value}`))
    && isWithin(session.issuedAt, query.issued_after, query.issued_before)
    && isWithin(session.expiresAt, query.expires_after, query.expires_before);
}

const isWithin = (time: number, after = -Infinity, before = Infinity): boolean => time >= after && time < before;
