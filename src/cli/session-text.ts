// A session as people read it.
import type { ChainLink, RevocationAnswer, SessionDetails } from '../oversight/sessions/answers.js';
import { printable } from './text.js';

/** Lines without a line end at the end. Names and tags are texts of whoever assumed the session: nothing in them steers the terminal. */
export function sessionText(session: SessionDetails): string {
  const { source_identity: identity, session_policies: policies, last_use: use } = session;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['session', session.session_id], ['status', session.status], ['revoked', session.revocation && revocationText(session.revocation)],
    ['principal', session.urn], ['agency', session.agency_urn], ['issued', session.issued_at], ['expires', session.expires_at],
    ['assumed by', session.assumed_by], ['began with', [session.root_principal, session.access_key_id].filter((text) => text !== undefined).join(', key ')],
    ['way in', session.way], ['scope', session.scope], ['for', session.session_user_name],
    ['identity', identity && `${identity.value}${originText(identity.origin)}`], ['mfa', session.mfa_authenticated_at],
    ['last used', use && `${use.time} from ${use.source_ip}`], ['narrowed', policies && narrowedText(policies)],
    ['known from', session.source === 'audit' ? 'the audit: its record is gone' : undefined],
  ];
  const width = 12;
  return [
    ...facts.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(width)}${printable(text)}`])),
    ...session.tags.map(({ key, value, transitive, origin }) => `${'tag'.padEnd(width)}${printable(`${key} = ${value}`)}${transitive === true ? ' (transitive)' : ''}${originText(origin)}`),
    ...session.chain.map((link) => `${'chain'.padEnd(width)}${linkText(link)}`),
  ].join('\n');
}

/** One link of a chain: its id, and what is known of it. */
export function linkText(link: ChainLink): string {
  const name = link.kind === 'access_key' ? 'access key' : [link.agency_urn, link.agency_session_name].filter((text) => text !== undefined).join(' / ');
  return [link.id, link.status, name, link.account_id && `account ${link.account_id}`].filter((text) => text !== undefined && text !== '').map((text) => printable(String(text))).join('  ');
}

const originText = (origin: { readonly depth: number; readonly session_id: string } | undefined): string =>
  (origin === undefined ? '' : `, set by hop ${origin.depth} (${printable(origin.session_id)})`);

function revocationText({ by, session_id: id, account_id: account, subject, revoked_at: at, revoked_by: who, reason }: RevocationAnswer): string {
  const what = { session: 'by itself', ancestor: `with its ancestor ${id ?? ''}`, epoch: 'with all that was issued', boundary: 'with what was issued before a moment' }[by];
  const whose = [subject, account && `account ${account}`].filter((text) => text !== undefined).join(' of ');
  return [what, whose === '' ? undefined : `by ${whose}`, who && `by ${who}`, at && `at ${at}`, reason !== undefined && reason !== '' ? `(${reason})` : undefined].filter((text) => text !== undefined).join(' ');
}

function narrowedText({ is_narrowed: isNarrowed, policy, policy_ids: ids = [] }: NonNullable<SessionDetails['session_policies']>): string {
  if (!isNarrowed) return 'no';
  const own = [policy === undefined ? undefined : 'an inline policy', ...ids.map((id) => `policy ${id}`)].filter((text) => text !== undefined);
  return own.length === 0 ? 'yes' : `yes, by ${own.join(', ')}`;
}
