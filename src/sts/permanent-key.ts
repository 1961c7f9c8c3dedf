// A permanent access key: whose it is, and the secret to verify with.
import { ApiError } from '../base/api-error.js';
import { madeOnce } from '../base/made-once.js';
import { accessKeyPlace, type AccessKey } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import type { AccountView, EpochSubject } from '../directory/store.js';
import { open } from '../keyring/seal.js';
import type { KeyLink } from '../sessions/session.js';
import { verificationKey, type ParsedSignature, type VerificationKey } from '../signing/index.js';
import { userUrn } from '../urn/urn.js';
import type { ServiceCaller, UserCaller } from './caller.js';
import { authenticationError, type Candidate, type Proved } from './candidate.js';
import type { Guard, Relied } from './commit.js';
import type { Reads, Services } from './services.js';
import { serviceStanding, userStanding } from './standing.js';

/** The owner of a permanent key, or undefined for a key that does not exist, is inactive, or whose owner is disabled. */
export async function permanentKey(services: Services, reads: Reads, signature: ParsedSignature): Promise<Candidate | undefined> {
  if (signature.securityToken !== undefined) {
    throw new ApiError('unauthenticated', `${authenticationError}\`X-Security-Token\` belongs to temporary access keys, and this one is permanent`);
  }
  const { accessKeyId } = signature;
  const view = await viewOfAccessKey(reads, accessKeyId);
  const owner = view && ownerOf(view.snapshot, accessKeyId);
  if (view === undefined || owner?.caller === undefined) return undefined;

  const { snapshot, epochs, boundaries } = view;
  const { accountId, revision } = snapshot;
  const { accessKey, caller, subjects: [account, user, key], standsOn } = owner;
  const link: KeyLink = {
    kind: 'key', accessKeyId, accountId, ownerId: accessKey.owner.id, ownerKind: accessKey.owner.kind,
    epochs: { account: epochs.get(account) ?? 0, owner: epochs.get(user) ?? 0, key: epochs.get(key) ?? 0 },
  };
  const carried: Guard['epochs'] = [[account, link.epochs.account], [user, link.epochs.owner], [key, link.epochs.key]];
  const guards: readonly Guard[] = [{ accountId, revision, standsOn, epochs: carried, boundaries: boundaries.text }];
  return { key: permanentVerificationKey(services, accountId, accessKey), caller: { ...caller, accountId, accessKeyId, snapshot, chain: [link], guards } };
}

/** Whose a key is, as the account says. */
interface KeyOwner {
  readonly accessKey: AccessKey;
  /** Whose epochs a session of the key carries: those of the account, of the owner and of the key. */
  readonly subjects: readonly [EpochSubject, EpochSubject, EpochSubject];
  /** Undefined: the key is not active, or its owner is disabled or gone. */
  readonly caller: Pick<Proved<UserCaller>, 'kind' | 'user' | 'principalUrn' | 'principalId'> | Pick<Proved<ServiceCaller>, 'kind' | 'servicePrincipal' | 'principalUrn' | 'principalId'> | undefined;
  readonly standsOn: () => readonly Relied[];
}

/** Found once for as long as the snapshot is remembered: anew for each call it takes one and a half microseconds, and more with each thousand of keys. */
const ownerOf = madeOnce((snapshot: Snapshot, accessKeyId: string): KeyOwner | undefined => {
  const accessKey = snapshot.accessKeys.get(accessKeyId);
  if (accessKey === undefined) return undefined;
  const { owner: { kind, id }, active } = accessKey;
  const found = { accessKey, subjects: ['account', `user:${id}`, `key:${accessKeyId}`] as const };
  if (kind === 'service') {
    const isKnown = active && snapshot.services.has(id);
    return { ...found, caller: isKnown ? { kind, servicePrincipal: id, principalUrn: id, principalId: id } : undefined, standsOn: () => serviceStanding(id, accessKeyId) };
  }
  const user = snapshot.users.get(id);
  if (!active || user?.enabled !== true) return { ...found, caller: undefined, standsOn: () => [] };
  return { ...found, caller: { kind, user, principalUrn: userUrn(snapshot.accountId, user.userName), principalId: id }, standsOn: () => userStanding(snapshot, user, accessKeyId) };
});

const noSubjects: readonly EpochSubject[] = [];

/**
 * The account that has the key. A remembered hint can be out of date and is asked for anew then; a key that is unknown
 * takes one look-up, as many round trips as a known one.
 */
async function viewOfAccessKey({ directory }: Reads, accessKeyId: string): Promise<AccountView | undefined> {
  for (const fresh of [false, true]) {
    const hint = await directory.accountOfAccessKey(accessKeyId, fresh);
    if (hint === undefined) return undefined;
    const view = await directory.read(hint.accountId, (snapshot) => ownerOf(snapshot, accessKeyId)?.subjects ?? noSubjects);
    if (view !== undefined && ownerOf(view.snapshot, accessKeyId) !== undefined) return view;
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
