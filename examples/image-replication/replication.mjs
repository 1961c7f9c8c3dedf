// A replication job: becomes a session of the customer's agency, and writes the copy in the destination with nothing but its rights.
import { signedFetch } from 'agency-sts/client';

/** An error as the image service tells it. */
export class ImageError extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

/** Why an image cannot be replicated, or undefined. [choice] Codes of the cloud where one is published for the case. */
export function notReplicable(image) {
  if (image === undefined) return new ImageError(400, 'IMG.0144', 'the image cannot be found');
  if (image.encrypted) return new ImageError(400, 'IMG.0143', 'an encrypted image cannot be replicated');
  if (image.format === 'iso') return new ImageError(400, 'IMG.0196', 'an image made of an ISO file cannot be replicated');
  return image.status === 'active' ? undefined : new ImageError(400, 'IMG.0196', 'the image is not there yet');
}

/**
 * What of an image can be replicated is copied: metadata, then data; a full-ECS image whole. The destination decides
 * about each step by the rights of the agency's session.
 * @param assume see assume.mjs @param destination address of the image service there
 */
export async function replicate({ image, request, accountId, jobId, assume, destination, now }) {
  const credentials = await assume({ accountId, agencyName: request.agency_name, job: jobId });
  if (credentials === undefined) throw new ImageError(403, 'IMG.0036', `no token of the agency ${request.agency_name} can be obtained`);
  const asAgency = signedFetch({ get: async () => credentials }, { now });
  const call = async (method, path, headers, body) => {
    const answer = await asAgency(`${destination}${path}`, { method, headers: { ...headers, 'x-replication-job': jobId }, body });
    if (answer.status === 403) throw new ImageError(403, 'IMG.0151', `the agency ${request.agency_name} lacks permissions on the project ${request.project_name}`);
    if (!answer.ok) throw new ImageError(500, 'IMG.0000', `the destination answers ${answer.status}`);
    return answer.json();
  };
  const json = { 'content-type': 'application/json' };
  const metadata = { name: request.name, description: request.description ?? '', __data_origin: `image,${image.region},${image.id}` };
  if (image.kind === 'whole') return (await call('POST', '/v1/cloudimages/wholeimages/action', json, JSON.stringify({ ...metadata, vault_id: request.vault_id }))).id;
  const { id } = await call('POST', '/v2/images', json, JSON.stringify(metadata));
  await call('PUT', `/v2/images/${id}/file`, { 'content-type': 'application/octet-stream' }, image.data);
  return id;
}
