// From a bootstrap file and the accounts as they stand to the changes that make them so; pure, and idempotent.
import { planAccessKeys } from './bootstrap-access-keys.js';
import { BootstrapError, type BootstrapAccount, type BootstrapFile } from './bootstrap-file.js';
import { planAgencies } from './bootstrap-agencies.js';
import { documentText } from './bootstrap-documents.js';
import { refuseRepeated, resolve } from './bootstrap-names.js';
import { planPolicies } from './bootstrap-policies.js';
import { planProjects } from './bootstrap-projects.js';
import { quotasWith } from './bootstrap-quotas.js';
import { planRoles } from './bootstrap-roles.js';
import { planGroups, planUsers } from './bootstrap-users.js';
import { accountWriter, type AccountWriter, type BootstrapTools, type GeneratedKey, type SharedPlan } from './bootstrap-writer.js';
import { operatorUserId, systemAccountId } from './entities.js';
import type { Snapshot } from './snapshot.js';
import type { AccountChange } from './store.js';

export interface BootstrapPlan {
  readonly changes: readonly AccountChange[];
  readonly generatedKeys: readonly GeneratedKey[];
}

/**
 * @param existing the accounts that exist, by id
 * Throws {@link BootstrapError} with the place in the file; nothing is to be written then.
 */
export function planBootstrap(file: BootstrapFile, existing: ReadonlyMap<string, Snapshot>, tools: BootstrapTools): BootstrapPlan {
  const tenants = new Map([...existing].filter(([id]) => id !== systemAccountId));
  const accounts = resolve({
    entries: file.accounts, place: '/accounts', nameField: 'account_name', idField: 'account_id',
    name: (account) => account.account_name, givenId: (account) => account.account_id,
    existing: tenants, existingName: (snapshot) => snapshot.account.accountName, newId: () => tools.newId(),
  });
  const accountNames = new Map([...[...tenants.values()].map(({ account }) => [account.accountId, account.accountName] as const), ...accounts.map(({ id, entry }) => [id, entry.account_name] as const)]);
  const shared: SharedPlan = { tools, accountNames, accessKeyIds: new Set(), deviceOwners: new Map(), generatedKeys: [] };
  const system = accountWriter(systemAccountId, 'system', existing.get(systemAccountId), shared);
  planSystem(system, file);
  const changes = accounts.map(({ entry, place, id, old }) => {
    const writer = accountWriter(id, entry.account_name, old, shared);
    planAccount(writer, entry, place);
    return writer.change();
  });
  return { changes: [system.change(), ...changes].filter(({ put, remove }) => put.length + remove.length > 0), generatedKeys: shared.generatedKeys };
}

function planAccount(writer: AccountWriter, account: BootstrapAccount, place: string): void {
  const { current, now, accountId } = writer;
  const attach = planPolicies(writer, account, place);
  const grant = planRoles(writer, account, place, planProjects(writer, account, place));
  const groupIds = planGroups(writer, account, place, { attach, grant });
  planAgencies(writer, account, place, { attach, grant });
  const rootUserId = planUsers(writer, account, place, { attach, groupIds });
  planServiceControlPolicies(writer, account, place);
  writer.put('account', accountId, {
    accountId, accountName: account.account_name, rootUserId, createdAt: current?.account.createdAt ?? now,
    inOrganization: account.service_control_policies !== undefined,
    asymmetricSignature: account.asymmetric_signature ?? current?.account.asymmetricSignature ?? true,
    revokeOnDisable: account.revoke_on_disable ?? current?.account.revokeOnDisable ?? false,
    quotas: account.quotas === undefined ? (current?.account.quotas ?? {}) : quotasWith({}, account.quotas),
  });
}

/** Exactly the SCPs of the file: they bind the account, so none may linger. */
function planServiceControlPolicies(writer: AccountWriter, account: BootstrapAccount, place: string): void {
  const names = new Set<string>();
  account.service_control_policies?.forEach((policy, index) => {
    const at = `${place}/service_control_policies/${index}`;
    refuseRepeated(names, policy.name, `${at}/name`);
    writer.put('scp', policy.name, { name: policy.name, document: documentText('service-control', policy.policy_document, `${at}/policy_document`) });
  });
  for (const { name } of writer.current?.serviceControlPolicies.values() ?? []) if (!names.has(name)) writer.remove('scp', name);
}

/** Registered services and the operator, in the account that is nobody's. */
function planSystem(writer: AccountWriter, file: BootstrapFile): void {
  const { current, now } = writer;
  writer.put('account', systemAccountId, { accountId: systemAccountId, accountName: 'system', rootUserId: '', createdAt: current?.account.createdAt ?? now, inOrganization: false, asymmetricSignature: true, revokeOnDisable: false, quotas: {} });
  writer.put('user', operatorUserId, {
    userId: operatorUserId, userName: 'operator', enabled: true, isRootUser: false, description: '', tags: [], groupIds: [], attachedPolicies: [],
    createdAt: current?.users.get(operatorUserId)?.createdAt ?? now,
  });
  planAccessKeys(writer, { kind: 'user', id: operatorUserId, name: 'operator' }, file.operator?.access_keys ?? [], '/operator/access_keys');
  const principals = new Set((current?.services.ids() ?? []).map((principal) => principal.toLowerCase()));
  const named = new Set<string>();
  file.services.forEach(({ service_principal: servicePrincipal, access_keys: keys }, index) => {
    const place = `/services/${index}`;
    // Policies compare service principals without case, so two spellings would be one service.
    refuseRepeated(named, servicePrincipal.toLowerCase(), `${place}/service_principal`);
    if (principals.has(servicePrincipal.toLowerCase()) && current?.services.has(servicePrincipal) !== true) {
      throw new BootstrapError(`${place}/service_principal`, `\`${servicePrincipal}\` is registered in another spelling`);
    }
    writer.put('service', servicePrincipal, { servicePrincipal, createdAt: current?.services.get(servicePrincipal)?.createdAt ?? now });
    planAccessKeys(writer, { kind: 'service', id: servicePrincipal, name: servicePrincipal }, keys, `${place}/access_keys`);
  });
}
