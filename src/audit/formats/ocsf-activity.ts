// Which class and activity of the OCSF schema an operation is.

export interface Activity {
  readonly category: { readonly uid: number; readonly name: string };
  readonly class: { readonly uid: number; readonly name: string };
  readonly id: number;
  readonly name: string;
}

export const authenticationClass = 3002;

const authentication = { category: { uid: 3, name: 'Identity & Access Management' }, class: { uid: authenticationClass, name: 'Authentication' } };
const apiActivity = { category: { uid: 6, name: 'Application Activity' }, class: { uid: 6003, name: 'API Activity' } };

/** By the verb that an operation's name begins with, behind `Keystone` in some names of the older API. */
const verbs: readonly (readonly [id: number, name: string, verbs: readonly string[]])[] = [
  [1, 'Create', ['Create', 'Register']],
  [2, 'Read', ['Get', 'List', 'Show', 'Search', 'Decode', 'Simulate', 'Authorize', 'Introspect', 'Export', 'Check', 'Validate']],
  [3, 'Update', ['Update', 'Set', 'Put', 'Add', 'Remove', 'Attach', 'Detach', 'Enable', 'Disable', 'Tag', 'Apply', 'Revoke', 'Rotate', 'Activate', 'Retire', 'Seal', 'Associate', 'Migrate']],
  [4, 'Delete', ['Delete']],
];
const activities = new Map(verbs.flatMap(([id, name, those]) => those.map((verb) => [verb, { ...apiActivity, id, name }] as const)));

const logons: ReadonlySet<string> = new Set(['AssumeAgency', 'KeystoneCreateToken', 'CreateTemporaryAccessKey']);

/**
 * [choice] A session that begins is a Logon and one that is revoked a Logoff, asked for or done. GetCallerIdentity is a
 * Read: it begins no session and ends none. Deleting an agency or an account ends sessions too, but is first of all a Delete.
 */
export function activityOf(operation: string): Activity {
  if (logons.has(operation)) return { ...authentication, id: 1, name: 'Logon' };
  const bare = operation.replace(/^Keystone/, '');
  if (/^Revoke.*(Session|Token)/.test(bare)) return { ...authentication, id: 2, name: 'Logoff' };
  const [verb = ''] = /^(?:Check|[A-Z][a-z]+)/.exec(bare) ?? [];
  // The schema's word for what it has no number for: its name is then the source's own.
  return activities.get(verb) ?? { ...apiActivity, id: 99, name: operation };
}
