// A user's credentials that end by themselves: the user behind a token of the older system, or behind keys made from one.
import { ApiError } from '../base/api-error.js';
import type { EpochSubject } from '../directory/store.js';
import type { RingKey } from '../keyring/key.js';
import { deriveSessionSecret } from '../keyring/session-secret.js';
import { dependencesOf, isEnded, type KeyLink } from '../sessions/session.js';
import { verificationKey } from '../signing/index.js';
import { userUrn } from '../urn/urn.js';
import { readUserKeys, type UserGrant } from './auth-token.js';
import type { UserCaller } from './caller.js';
import { authenticationError, type Candidate, type Proved } from './candidate.js';
import type { Reads, Services } from './services.js';
import { userStanding } from './standing.js';

/** The living user of temporary keys. Throws the 401 for a token that is unknown, expired, revoked, or another key's. */
export async function userKeys(services: Services, reads: Reads, { accessKeyId, securityToken }: { readonly accessKeyId: string; readonly securityToken: string }, now: number): Promise<Candidate> {
  const found = await userOfKeys(services, reads, securityToken, now);
  if (found?.caller.accessKeyId !== accessKeyId) throw new ApiError('unauthenticated', `${authenticationError}decrypt token fail`);
  return { key: verificationKey(accessKeyId, deriveSessionSecret(found.secretKey, accessKeyId)), caller: found.caller };
}

/** The living user whose temporary keys have this security token, and the key that their secret is derived from. */
export async function userOfKeys({ keyring, settings }: Services, reads: Reads, securityToken: string, now: number): Promise<{ readonly caller: Proved<UserCaller>; readonly secretKey: RingKey } | undefined> {
  const grant = await readUserKeys(keyring, settings.issuer, securityToken, now);
  const { byId, endedIds } = keyring['session-secrets'];
  const secretKeyId = grant?.keys?.secretKeyId ?? '';
  const secretKey = endedIds?.has(secretKeyId) === true ? undefined : byId.get(secretKeyId);
  const caller = grant === undefined || secretKey === undefined ? undefined : await livingUser(reads, grant);
  return caller === undefined || secretKey === undefined ? undefined : { caller, secretKey };
}

/** The user as a caller, or undefined when it is gone or disabled, or what the grant stands on was revoked. */
export async function livingUser({ directory }: Reads, grant: UserGrant): Promise<Proved<UserCaller> | undefined> {
  const { id, kind, accountId, userId, issuedAt, expiresAt, epochs, scope, methods, keys } = grant;
  const link: KeyLink = {
    kind: 'key', accessKeyId: id, accountId, ownerId: userId, ownerKind: 'user', epochs,
    ...(keys !== undefined && { token: { tokenId: keys.tokenId, epoch: keys.tokenEpoch } }),
  };
  const dependences = dependencesOf(link, { chainStartedAt: issuedAt, sourceIdentity: undefined });
  const view = await directory.read(accountId, () => dependences.map(({ subject }) => subject));
  const user = view?.snapshot.users.get(userId);
  if (view === undefined || user?.enabled !== true || dependences.some((each) => isEnded(each, view))) return undefined;
  const { snapshot } = view;
  return {
    kind: 'user', user, accountId, accessKeyId: id, snapshot, chain: [link], principalUrn: userUrn(accountId, user.userName), principalId: userId,
    temporary: { kind, issuedAt, expiresAt, methods },
    ...((scope !== undefined || keys?.sessionPolicy !== undefined) && { narrowedBy: { scope, sessionPolicy: keys?.sessionPolicy } }),
    guards: [{
      accountId, revision: snapshot.revision, standsOn: () => userStanding(snapshot, user), boundaries: view.boundaries.text,
      epochs: dependences.map(({ subject }): readonly [EpochSubject, number] => [subject, view.epochs.get(subject) ?? 0]),
    }],
  };
}
