// A permanent access key: whose it is, and the secret to verify with.
import { ApiError } from '../base/api-error.js';
import { accessKeyPlace, type AccessKey } from '../directory/entities.js';
import type { AccountView } from '../directory/store.js';
import { open } from '../keyring/seal.js';
import type { KeyLink } from '../sessions/session.js';
import { verificationKey, type ParsedSignature, type VerificationKey } from '../signing/index.js';
import { userUrn } from '../urn/urn.js';
import { authenticationError, type Candidate } from './candidate.js';
import type { Guard } from './commit.js';
import type { Reads, Services } from './services.js';
import { serviceStanding, userStanding } from './standing.js';

/** The owner of a permanent key, or undefined for a key that does not exist, is inactive, or whose owner is disabled. */
export async function permanentKey(services: Services, reads: Reads, signature: ParsedSignature): Promise<Candidate | undefined> {
  if (signature.securityToken !== undefined) {
    throw new ApiError('unauthenticated', `${authenticationError}\`X-Security-Token\` belongs to temporary access keys, and this one is permanent`);
  }
  const { accessKeyId } = signature;
  const view = await viewOfAccessKey(reads, accessKeyId);
  const accessKey = view?.snapshot.accessKeys.get(accessKeyId);
  if (view === undefined || accessKey?.active !== true) return undefined;

  const { snapshot, epochs, boundaries } = view;
  const { accountId } = snapshot;
  const link: KeyLink = {
    kind: 'key', accessKeyId, accountId, ownerId: accessKey.owner.id, ownerKind: accessKey.owner.kind,
    epochs: { account: epochs.get('account') ?? 0, owner: epochs.get(`user:${accessKey.owner.id}`) ?? 0, key: epochs.get(`key:${accessKeyId}`) ?? 0 },
  };
  const subjects: Guard['epochs'] = [['account', link.epochs.account], [`user:${link.ownerId}`, link.epochs.owner], [`key:${accessKeyId}`, link.epochs.key]];
  const common = { accountId, accessKeyId, snapshot, chain: [link] as const };
  const guards = (standsOn: Guard['standsOn'] & {}): readonly Guard[] => [{ accountId, revision: snapshot.revision, standsOn, epochs: subjects, boundaries: boundaries.text }];
  const key = permanentVerificationKey(services, accountId, accessKey);
  if (accessKey.owner.kind === 'service') {
    const servicePrincipal = accessKey.owner.id;
    if (!snapshot.services.has(servicePrincipal)) return undefined;
    return { key, caller: { kind: 'service', servicePrincipal, principalUrn: servicePrincipal, principalId: servicePrincipal, ...common, guards: guards(() => serviceStanding(servicePrincipal, accessKeyId)) } };
  }
  const user = snapshot.users.get(accessKey.owner.id);
  if (user?.enabled !== true) return undefined;
  return { key, caller: { kind: 'user', user, principalUrn: userUrn(accountId, user.userName), principalId: user.userId, ...common, guards: guards(() => userStanding(snapshot, user, accessKeyId)) } };
}

/**
 * The account that has the key. A remembered hint can be out of date and is asked for anew then; a key that is unknown
 * takes one look-up, as many round trips as a known one.
 */
async function viewOfAccessKey({ directory }: Reads, accessKeyId: string): Promise<AccountView | undefined> {
  for (const fresh of [false, true]) {
    const hint = await directory.accountOfAccessKey(accessKeyId, fresh);
    if (hint === undefined) return undefined;
    const view = await directory.read(hint.accountId, (snapshot) => {
      const key = snapshot.accessKeys.get(accessKeyId);
      return key === undefined ? [] : ['account', `user:${key.owner.id}`, `key:${accessKeyId}`];
    });
    if (view?.snapshot.accessKeys.has(accessKeyId) === true) return view;
    if (!hint.remembered) return undefined;
  }
  return undefined;
}

const permanentKeys = new WeakMap<AccessKey, VerificationKey>();

/** Opened once per key record; the record is immutable and goes with its snapshot. */
function permanentVerificationKey(services: Services, accountId: string, accessKey: AccessKey): VerificationKey {
  const known = permanentKeys.get(accessKey);
  if (known !== undefined) return known;
  const { accessKeyId, owner, sealedSecret } = accessKey;
  const secret = open(services.keyring['secret-sealing'], accessKeyPlace(accountId, owner.id, accessKeyId), sealedSecret);
  if (secret === undefined) throw new Error(`the secret of access key \`${accessKeyId}\` does not open with the key ring`);
  const key = verificationKey(accessKeyId, secret.toString('utf8'));
  permanentKeys.set(accessKey, key);
  return key;
}
