// A small object store: who may read or write which object is decided by the policies of the accounts, not here.
import express from 'express';
import { expressGuard } from 'agency-sts/verify';

/** Buckets have an owner. In a real store this stands in its own database. */
const owners = new Map([['reports', '0000000000000000000000000000b0b0']]);

/** `obs:<region>:<owner>:object:<bucket>/<key>`; the region is left out. */
const objectUrn = ({ params: { bucket, key } }) => `obs::${owners.get(bucket) ?? ''}:object:${bucket}/${key.join('/')}`;

export function objectStore(verifier) {
  const objects = new Map([
    ['reports/blue/2026.txt', Buffer.from('the blue report\n')],
    ['reports/red/2026.txt', Buffer.from('the red report\n')],
  ]);
  const requireAction = expressGuard(verifier);
  const app = express();
  app.disable('x-powered-by');

  app.get('/:bucket/*key', requireAction('obs:object:GetObject', objectUrn), ({ params: { bucket, key } }, response) => {
    const object = objects.get(`${bucket}/${key.join('/')}`);
    if (object === undefined) response.status(404).json({ error_code: 'not_found', error_msg: 'there is no such object' });
    else response.type('application/octet-stream').send(object);
  });

  app.put('/:bucket/*key', requireAction('obs:object:PutObject', objectUrn), ({ params: { bucket, key }, rawBody }, response) => {
    objects.set(`${bucket}/${key.join('/')}`, rawBody);
    const { urn, sourceIdentity, rootPrincipal } = response.locals.principal;
    response.status(201).json({ written_by: urn, on_behalf_of: sourceIdentity ?? rootPrincipal });
  });

  return app;
}
