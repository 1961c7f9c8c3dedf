// Logging in with a password: who asks for a token by name and password, and by the code of a device where the user has one.
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import { seconds } from '../../base/clock.js';
import type { User } from '../../directory/entities.js';
import type { AccountView } from '../../directory/store.js';
import { isPasswordLater } from '../../keyring/password.js';
import type { KeyLink } from '../../sessions/session.js';
import type { SignedRequest } from '../../signing/index.js';
import { userUrn } from '../../urn/urn.js';
import type { Authenticate } from '../authenticate.js';
import type { UserCaller } from '../caller.js';
import type { MfaStep } from '../commit.js';
import { acceptedStep } from '../mfa.js';
import type { CallContext } from '../outcome.js';
import type { Services } from '../services.js';
import { userStanding } from '../standing.js';
import { tokenProof } from '../token-caller.js';
import { namedAccount } from './domain.js';
import { loginError } from './login-error.js';

/** Of every token (legacy agencies §4a). */
export const tokenSeconds = 86_400;
/** [choice] Failures for one user from one address in five minutes, after which no password is tried any more: from elsewhere the user still gets in. */
const failuresUntilRefusal = 20;
/** Of no password that anybody has: a user that is not there takes as long as one that is. */
const nobodysHash = '$argon2id$v=19$m=19456,t=2,p=1$BLUzJxBBpSrT1vbp9tdk6A$MjZ1rLgz/p8adeacN8meNqSwXkSvQDGyppJus7mbJDM';

const text = z.string().min(1).max(256);
const domain = z.object({ id: text.optional(), name: text.optional() }).refine(({ id, name }) => id !== undefined || name !== undefined, { error: 'must have a `name` or an `id`' });
export const passwordField = z.object({ user: z.object({ name: text, password: z.string().min(1).max(1024), domain }) });
export const totpField = z.object({ user: z.object({ id: text.optional(), passcode: z.string().max(16) }) });
const login = z.object({ password: passwordField, totp: totpField.optional() });

/** The part of a body that says how its sender proves who it is; undefined where that is not by a password. */
function identityOf({ body }: Pick<SignedRequest, 'body'>): unknown {
  try {
    const whole: unknown = Buffer.isBuffer(body) ? JSON.parse(body.toString('utf8')) : undefined;
    const parsed = z.object({ auth: z.object({ identity: z.looseObject({ methods: z.array(z.string()) }) }) }).safeParse(whole);
    return parsed.success && parsed.data.auth.identity.methods.includes('password') ? parsed.data.auth.identity : undefined;
  } catch {
    return undefined;
  }
}

const longestClaim = 31;

/** Whom the sender of a login claims to be, for the count of those that failed: `user@account`, as given, in 64 printable characters at most; undefined of what is no login. */
export function claimedLogin(request: Pick<SignedRequest, 'body'>): string | undefined {
  const { success, data } = login.safeParse(identityOf(request));
  if (!success) return undefined;
  const { name, domain: { id, name: accountName = '' } } = data.password.user;
  return `${name.replace(/[^!-~]/g, '?').slice(0, longestClaim)}@${(id ?? accountName).replace(/[^!-~]/g, '?').slice(0, longestClaim + 1)}`;
}

/** What one call has been charged with, and what was found of it: one that is decided again is counted and verified once. */
interface Tried {
  readonly countedMfaCodes: Set<string>;
  /** By the hash that the password was held against. */
  readonly verified: Map<string, Promise<boolean>>;
}

/**
 * Throws the one 401 for an unknown or disabled user, a user without a password, a wrong password, and a code that is
 * missing, wrong or used. Requests that name no password are left to the other ways of proof.
 */
export function loginAuthenticator(services: Services, otherwise: Authenticate): Authenticate {
  // Each call has its own request, which it asks with again where the ground moved.
  const calls = new WeakMap<SignedRequest, Tried>();
  return async (request, sourceIp, now, ...more) => {
    const identity = identityOf(request);
    if (identity === undefined) return otherwise(request, sourceIp, now, ...more);
    const { success, data, error } = login.safeParse(identity);
    if (!success) throw new ApiError('invalidField', `\`auth.identity.${error.issues[0]?.path.map(String).join('.') ?? ''}\`: is required as a text of its length`);
    const { password: { user: { name, password, domain: given } }, totp } = data;
    const view = await accountOf(services, given);
    const found = view?.snapshot.users.named(name);
    // Of the user that is meant, however the request names it: another name of the account gives no further tries.
    const subject = ['password', view?.snapshot.accountId ?? given.id ?? given.name ?? '', found?.userId ?? name, sourceIp];
    const tried = calls.get(request) ?? { countedMfaCodes: new Set(), verified: new Map<string, Promise<boolean>>() };
    // Counted before it is tried: passwords tried at the same moment do not slip past the limit.
    if (!calls.has(request) && (await services.signatureFailures.count(subject)) > failuresUntilRefusal) throw loginError();
    calls.set(request, tried);
    const hash = found?.passwordHash ?? nobodysHash;
    const verifying = tried.verified.get(hash) ?? isPasswordLater(hash, password);
    tried.verified.set(hash, verifying);
    if (!(await verifying) || view === undefined || found?.passwordHash === undefined || !found.enabled) throw loginError();
    const mfaStep = await checkedCode(services, view, found, totp?.user.passcode, { now, countedMfaCodes: tried.countedMfaCodes });
    await services.signatureFailures.forgive(subject);
    return { ...await loggedIn(services, view, found, mfaStep, now), signature: tokenProof(request), requestHash: undefined, verificationKey: undefined, sourceIp };
  };
}

async function accountOf(services: Services, given: z.output<typeof domain>): Promise<AccountView | undefined> {
  const accountId = await namedAccount(services, given);
  return accountId === undefined ? undefined : services.directory.read(accountId, () => []);
}

/** [choice] Who has a device that is enabled needs its code; undefined for who has none. */
async function checkedCode(services: Services, { snapshot }: AccountView, { userId }: User, code: string | undefined, call: Pick<CallContext, 'now' | 'countedMfaCodes'>): Promise<MfaStep | undefined> {
  const device = snapshot.mfaDevices.values().find((each) => each.userId === userId && each.enabled);
  if (device === undefined) return undefined;
  if (code === undefined) throw loginError();
  const step = await acceptedStep(services, snapshot.accountId, device, [code], call);
  if (step === undefined) throw loginError();
  return step;
}

async function loggedIn({ directory, sessionIds }: Services, { snapshot }: AccountView, user: User, mfaStep: MfaStep | undefined, now: number): Promise<Omit<UserCaller, 'signature' | 'requestHash' | 'verificationKey' | 'sourceIp'>> {
  const { accountId } = snapshot;
  const accessKeyId = sessionIds.newUserTokenId(accountId);
  const subjects = ['account', `user:${user.userId}`, `key:${accessKeyId}`, `password:${user.userId}`] as const;
  const [{ epochs, boundaries }, status] = await Promise.all([directory.readEpochs(accountId, subjects), sessionIds.nextStatusIndex(accountId)]);
  const epochOf = (subject: (typeof subjects)[number]): number => epochs.get(subject) ?? 0;
  const link: KeyLink = {
    kind: 'key', accessKeyId, accountId, ownerId: user.userId, ownerKind: 'user', epochs: { account: epochOf('account'), owner: epochOf(subjects[1]), key: epochOf(subjects[2]) },
    token: { tokenId: accessKeyId, epoch: epochOf(subjects[2]), passwordEpoch: epochOf(subjects[3]), status },
  };
  const issuedAt = seconds(now);
  return {
    kind: 'user', user, accountId, accessKeyId, snapshot, chain: [link], principalUrn: userUrn(accountId, user.userName), principalId: user.userId,
    temporary: { kind: 'login', issuedAt, expiresAt: issuedAt + tokenSeconds, methods: mfaStep === undefined ? ['password'] : ['password', 'totp'], mfaStep },
    guards: [{ accountId, revision: snapshot.revision, standsOn: () => userStanding(snapshot, user), epochs: subjects.map((subject) => [subject, epochOf(subject)] as const), boundaries: boundaries.text }],
  };
}
