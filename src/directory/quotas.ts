// How much an account may hold: a default and a maximum of each quota (IAM v5 API §10).
import type { Account } from './entities.js';

export interface Quotas {
  /** The root user included. */
  readonly users: number;
  readonly groups: number;
  readonly groupsPerUser: number;
  /** Agencies of all kinds. */
  readonly agencies: number;
  readonly policies: number;
  readonly policiesPerUser: number;
  readonly policiesPerGroup: number;
  readonly policiesPerAgency: number;
  readonly versionsPerPolicy: number;
}

export type QuotaName = keyof Quotas;

/** [choice] A quota whose maximum is not published cannot be raised. */
const quotas: { readonly [Name in QuotaName]: { readonly usual: number; readonly maximum: number } } = {
  users: { usual: 50, maximum: 2000 },
  groups: { usual: 20, maximum: 2000 },
  groupsPerUser: { usual: 10, maximum: 10 },
  agencies: { usual: 50, maximum: 5000 },
  policies: { usual: 1500, maximum: 5000 },
  policiesPerUser: { usual: 10, maximum: 20 },
  policiesPerGroup: { usual: 10, maximum: 10 },
  policiesPerAgency: { usual: 10, maximum: 20 },
  versionsPerPolicy: { usual: 5, maximum: 5 },
};

export const quotaNames = ['users', 'groups', 'groupsPerUser', 'agencies', 'policies', 'policiesPerUser', 'policiesPerGroup', 'policiesPerAgency', 'versionsPerPolicy'] as const satisfies readonly QuotaName[];

/** What no setting can raise; all that binds a bootstrap file. */
export const maximumOf = (name: QuotaName): number => quotas[name].maximum;

export const quotaOf = ({ quotas: own }: Pick<Account, 'quotas'>, name: QuotaName): number => own[name] ?? quotas[name].usual;

/** Not adjustable (IAM v5 API §§6, 7). */
export const accessKeysPerUser = 2;
export const mfaDevicesPerUser = 1;
/** Characters of a policy document, whitespace not counted. */
export const policySize = 6144;
