// One operation of the operator: on the system account, or on the one account that the path names.
import { ApiError } from '../../base/api-error.js';
import { systemAccountId } from '../../directory/entities.js';
import { accountChange, effective, type Change } from '../../directory/commands/change.js';
import type { Snapshot } from '../../directory/snapshot.js';
import type { AccountChange } from '../../directory/store.js';
import type { Caller, UserCaller } from '../../sts/caller.js';
import type { CallContext, EventDetails, Outcome } from '../../sts/outcome.js';
import type { Services } from '../../sts/services.js';
import { auditedInput, type OperationInput } from '../audited-input.js';

export interface OperatorGround {
  readonly services: Services;
  /** INVARIANT: the account that the path names and no other; the system account where it names none. */
  readonly account: Snapshot;
  readonly call: CallContext;
}

export interface OperatorResult<Body> {
  readonly body: Body;
  /** Of the ground's account. */
  readonly change?: Change;
  /** An account that the operation makes. */
  readonly created?: Omit<AccountChange, 'expectedRevision'>;
}

export interface OperatorCall<Input, Body> {
  /** The account that the path names; absent: the operation is on registered services, or on accounts as a whole. */
  readonly accountId?: ((input: Input) => string) | undefined;
  readonly decide: (ground: OperatorGround, input: Input) => OperatorResult<Body> | Promise<OperatorResult<Body>>;
}

export async function callAsOperator<Input extends OperationInput, Body>(
  { accountId, decide }: OperatorCall<Input, Body>, services: Services, caller: Caller, input: Input, call: CallContext,
): Promise<Outcome<Body>> {
  let account: Snapshot | undefined;
  const details: EventDetails = { request: auditedInput(input) };
  try {
    const operator = operatorOf(caller);
    account = accountId === undefined ? operator.snapshot : await namedAccount(services, accountId(input), input);
    const { body, change: wanted, created } = await decide({ services, account, call }, input);
    const change = wanted === undefined ? undefined : effective(account, wanted);
    const changes: readonly AccountChange[] = [
      ...(change === undefined ? [] : [accountChange(account, change)]),
      ...(created === undefined ? [] : [{ ...created, expectedRevision: undefined }]),
    ];
    return { ok: true, body, changes, ...concerning(account, created?.accountId, { ...details, decision: 'allowed' }) };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    return { ok: false, error, ...concerning(account, undefined, { ...details, decision: error.auditText }) };
  }
}

/** There is one source of the tenant: a body that names another account than the path is refused. */
async function namedAccount({ directory }: Services, accountId: string, { body }: OperationInput): Promise<Snapshot> {
  if (typeof body === 'object' && body !== null && 'account_id' in body && body.account_id !== undefined && body.account_id !== accountId) {
    throw new ApiError('invalidField', '`account_id`: must be that of the path, or absent');
  }
  const view = await directory.read(accountId, () => []);
  if (view === undefined) throw new ApiError('entityNotFound', `the account \`${accountId}\` cannot be found`);
  return view.snapshot;
}

/** [choice] The operator's account is the guard, not a policy: it has no administrator who could give one. */
function operatorOf(caller: Caller): UserCaller {
  if (caller.kind === 'user' && caller.accountId === systemAccountId) return caller;
  throw new ApiError('accessDenied', `access denied: \`${caller.principalUrn}\` is not the operator of this installation`);
}

/** Both accounts see what the operator did: its own, and the one that it did it to. */
function concerning(account: Snapshot | undefined, createdId: string | undefined, details: EventDetails & { readonly decision: string }): Pick<Outcome<unknown>, 'guards' | 'details' | 'otherAccount'> {
  const accountId = createdId ?? account?.accountId ?? systemAccountId;
  if (accountId === systemAccountId) return { guards: [], details };
  return { guards: [], details: { ...details, resourceAccountId: accountId }, otherAccount: { accountId, decision: details.decision } };
}
