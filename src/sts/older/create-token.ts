// POST /v3/auth/tokens: a token of an agency for who may switch to it, or of a user for who has the password (legacy agencies §4a).
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import { assumeBy } from '../assume-agency.js';
import { issueAgencyToken, issueUserToken } from '../auth-token.js';
import type { Caller, UserCaller } from '../caller.js';
import type { CallContext, Outcome } from '../outcome.js';
import type { Services } from '../services.js';
import { askedAgency, namedAgency, oneDomain, oneDomainRule } from './agency.js';
import { delegatedUntil } from './delegated.js';
import { passwordField, tokenSeconds, totpField } from './login.js';
import { auditedScope, scopeField, tokenScope } from './scope.js';
import { agencyTokenAnswer, assumedByAnswer, userTokenAnswer, type TokenAnswer } from './token-answer.js';

const methods = z.array(z.enum(['assume_role', 'password', 'totp'])).min(1).max(2)
  .refine((list) => ['assume_role', 'password', 'password,totp', 'totp,password'].includes(list.join(',')), { error: 'must be `assume_role`, or `password`, or `password` and `totp`' });

export const createTokenBody = z.object({
  auth: z.object({
    identity: z.object({
      methods, assume_role: z.object(namedAgency).refine(oneDomain, oneDomainRule).optional(), password: passwordField.optional(), totp: totpField.optional(),
    }).refine(({ methods: list, assume_role: role }) => !list.includes('assume_role') || role !== undefined, { error: 'is required', path: ['assume_role'] }),
    scope: scopeField,
  }),
});
type Input = z.output<typeof createTokenBody>;

export const subjectTokenHeader = 'X-Subject-Token';

export async function createToken(services: Services, caller: Caller, { auth }: Input, call: CallContext): Promise<Outcome<TokenAnswer>> {
  if (caller.kind === 'user' && caller.temporary?.kind === 'login') return userToken(services, caller, caller.temporary, auth.scope);
  if (auth.identity.assume_role === undefined) throw new ApiError('invalidField', '`auth.identity.assume_role`: is required');
  return agencyToken(services, caller, auth.identity.assume_role, auth.scope, call);
}

async function agencyToken(services: Services, caller: Caller, given: NonNullable<Input['auth']['identity']['assume_role']>, scope: Input['auth']['scope'], call: CallContext): Promise<Outcome<TokenAnswer>> {
  const { settings, keyring } = services;
  const { input, older } = await askedAgency(services, caller, given, { sessionUserName: undefined, policy: undefined });
  return assumeBy({
    older: { ...older, audited: { method: 'assume_role' } }, marks: { way: 'legacy-token' }, agencyMaximumBinds: false,
    duration: () => {
      // [choice] A token lasts longer than anything that a chain may ask for, so a chain gets none.
      if (delegatedUntil(caller) !== undefined) throw new ApiError('durationOverChainLimit', `\`auth.identity\`: a token lasts ${tokenSeconds} seconds, more than agency chaining can ask for; take temporary keys`);
      return tokenSeconds;
    },
    scope: (account) => tokenScope(account, settings.regions, scope),
    answer: ({ session, account }) => ({
      body: agencyTokenAnswer(session, account, settings.regions, assumedByAnswer(callerName(caller), caller.principalId, caller.snapshot)),
      headers: { [subjectTokenHeader]: issueAgencyToken(keyring, settings.issuer, session) },
    }),
  }, services, caller, input, call);
}

const callerName = (caller: Caller): string => (caller.kind === 'user' ? caller.user.userName : caller.principalId);

/** The decision fell with the password; what is left is what the token is for. */
function userToken({ settings, keyring }: Services, caller: UserCaller, temporary: NonNullable<UserCaller['temporary']>, given: Input['auth']['scope']): Outcome<TokenAnswer> {
  const [{ epochs }] = caller.chain;
  const scope = tokenScope(caller.snapshot, settings.regions, given);
  const { accountId, accessKeyId: id, user: { userId, userName } } = caller;
  const token = issueUserToken(keyring, settings.issuer, { ...temporary, kind: 'token', id, accountId, userId, userName, epochs, scope });
  if (token === undefined) throw new Error('the token of a user is too long');
  return {
    ok: true, guards: [], ...(temporary.mfaStep !== undefined && { mfaStep: temporary.mfaStep }),
    body: userTokenAnswer(caller, { ...temporary, scope }, settings.regions), headers: { [subjectTokenHeader]: token },
    details: { resource: caller.principalUrn, request: { method: temporary.methods.join(','), scope: auditedScope(scope), token_id: id }, decision: 'allowed' },
  };
}
