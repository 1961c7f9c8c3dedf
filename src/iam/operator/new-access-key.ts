// A fresh access key of a root user or a service: sealed for the directory, and in the clear for the one answer that tells it.
import { accessKeyPlace, type AccessKey } from '../../directory/entities.js';
import { seal } from '../../keyring/seal.js';
import type { Services } from '../../sts/services.js';
import { newAccessKeyId, newSecretAccessKey } from '../../urn/ids.js';

export interface FreshAccessKey extends Pick<AccessKey, 'accessKeyId' | 'sealedSecret'> {
  readonly secret: string;
}

export function freshAccessKey({ random, keyring }: Services, accountId: string, ownerId: string): FreshAccessKey {
  const accessKeyId = newAccessKeyId(random);
  const secret = newSecretAccessKey(random);
  return { accessKeyId, secret, sealedSecret: seal(keyring['secret-sealing'], accessKeyPlace(accountId, ownerId, accessKeyId), Buffer.from(secret), random) };
}
