// RevokeSessions: everything ends that one subject of the account issued: a leaked key, a user, an agency, a source identity, the account.
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import { seconds } from '../../base/clock.js';
import type { EpochSubject } from '../../directory/store.js';
import { entityId } from '../../directory/names.js';
import type { Ground, Result } from '../../iam/account-call.js';
import { timestamp } from '../../iam/fields.js';
import { endingSeconds, markSeconds } from '../../sessions/lifetime.js';
import type { Revocation } from '../../sts/commit.js';
import { moment, permanentAccessKeyId, reason, sourceIdentity } from '../fields.js';

const subjects = {
  access_key_id: permanentAccessKeyId.optional(), user_id: entityId.optional(), agency_id: entityId.optional(),
  source_identity: sourceIdentity.optional(), whole_account: z.literal(true).optional(),
};
type Subjects = z.output<z.ZodObject<typeof subjects>>;
const subjectNames = Object.keys(subjects);

export const revokeSessionsBody = z.strictObject({ ...subjects, issued_before: moment.optional(), reason })
  .refine((body) => subjectsOf(body).length === 1, { error: `must name exactly one of ${subjectNames.join(', ')}` });
export const revokeSessionsResponse = z.object({
  revocation: z.object({
    subject: z.string(),
    /** Whether the account has such a user, key or agency now, or is named itself; absent: source identities are not listed anywhere. */
    exists: z.boolean().optional(),
    issued_before: z.string(), revoked_at: z.string(), revoked_by: z.string(), reason: z.string(),
  }),
});

/**
 * What does not exist (any more) may be named: sessions outlive the key that was deleted first. An id of another account
 * ends nothing here and tells nothing, since subjects count within the caller's account only.
 */
export async function revokeSessions(ground: Ground, { body }: { readonly body: z.output<typeof revokeSessionsBody> }): Promise<Result<z.infer<typeof revokeSessionsResponse>>> {
  const { caller, call } = ground;
  const [subject = 'account'] = subjectsOf(body);
  const now = call.now / 1000;
  if (body.issued_before !== undefined && body.issued_before > now) throw new ApiError('invalidField', '`issued_before`: lies in the future; leave it out to end all that was issued so far');
  await refuseTooMany(ground, subject);
  return {
    body: {
      revocation: {
        subject, ...exists(ground, subject), issued_before: timestamp((body.issued_before ?? now) * 1000), revoked_at: timestamp(call.now), revoked_by: caller.principalUrn, reason: body.reason,
      },
    },
    revocations: await revocationsOf(ground, subject, body.issued_before),
  };
}

/** They are told to all who verify sessions of the account offline [choice]. */
const mostEnded = 2000;

/** What the account has, and the account itself, can always be revoked: only so many names can be that are listed nowhere. */
async function refuseTooMany(ground: Ground, subject: EpochSubject): Promise<void> {
  const { services, account: { accountId }, call } = ground;
  if (exists(ground, subject).exists === true) return;
  const life = endingSeconds(services.settings.maximumChainAgeSeconds);
  if (!(await services.directory.hasEndedMany(accountId, subject, seconds(call.now) - life, mostEnded))) return;
  throw new ApiError('quotaExceeded', `${mostEnded} subjects of the account were revoked within ${Math.ceil(life / 3600)} hours: name an access key, a user or an agency that the account has, or \`whole_account\``);
}

/** They are read with every call of the account [choice]. */
const mostBoundaries = 100;

/**
 * Up to now: an epoch, which no clock has a say in. Up to a moment: times of issue are compared, each as the clock of
 * its process told it, so the moment is put off by as much as those clocks differ, and a moment that close to now is now.
 */
async function revocationsOf({ services, account, call }: Ground, subject: EpochSubject, issuedBefore: number | undefined): Promise<readonly Revocation[]> {
  const { accountId } = account;
  const skew = services.clockSkewSeconds();
  const revokedAt = seconds(call.now);
  if (issuedBefore === undefined || issuedBefore + 2 * skew >= revokedAt) return [{ kind: 'epoch', accountId, subject }];
  const boundary = Math.ceil(issuedBefore) + skew;
  const living = revokedAt - markSeconds;
  // Of what was issued before it nothing is left.
  if (boundary < living) return [];
  const { boundaries } = await services.directory.readEpochs(accountId, []);
  const kept = [...boundaries.of].filter(([, time]) => time >= living);
  if (kept.length >= mostBoundaries && !kept.some(([known]) => known === subject)) {
    throw new ApiError('quotaExceeded', `\`issued_before\`: the account has ${mostBoundaries} moments of different subjects already, each for up to ${Math.ceil(markSeconds / 86_400)} days: leave it out, or name \`whole_account\``);
  }
  return [{ kind: 'boundary', accountId, boundaries, subject, issuedBefore: boundary, revokedAt }];
}

/** Sessions outlive what began them, so absence is no error; but a name in place of an id ends nothing, and should be seen. */
function exists({ account }: Ground, subject: EpochSubject): { readonly exists?: boolean } {
  const [kind, id] = [subject.slice(0, subject.indexOf(':')), subject.slice(subject.indexOf(':') + 1)];
  switch (kind) {
    case 'user':
      return { exists: account.users.has(id) || account.services.has(id) };
    case 'key':
      return { exists: account.accessKeys.has(id) };
    case 'agency':
      return { exists: account.agencies.has(id) };
    default:
      return subject === 'account' ? { exists: true } : {};
  }
}

function subjectsOf({ access_key_id: key, user_id: user, agency_id: agency, source_identity: source, whole_account: whole }: Subjects): readonly EpochSubject[] {
  return [
    ...(key === undefined ? [] : [`key:${key}` as const]), ...(user === undefined ? [] : [`user:${user}` as const]), ...(agency === undefined ? [] : [`agency:${agency}` as const]),
    ...(source === undefined ? [] : [`source:${source}` as const]), ...(whole === undefined ? [] : ['account' as const]),
  ];
}
