// The command on an account's switch for asymmetric signatures (IAM v5 API §9).
import type { Snapshot } from '../snapshot.js';
import { putting, type Change } from './change.js';

export const setAsymmetricSignature = ({ accountId, account }: Snapshot, isOn: boolean): Change =>
  putting('account', accountId, { ...account, asymmetricSignature: isOn });
