// The sample accounts: what a first start without a bootstrap file of its own fills an embedded Redis with.
import { fileURLToPath } from 'node:url';

export const sampleFile = fileURLToPath(new URL('../../config/bootstrap.sample.json', import.meta.url));

/** A user of the sample and an agency that the user may assume. */
export const sampleProfile = 'acme/alice';
export const sampleAgencyUrn = 'iam::ac3e0000000000000000000000000001:agency:developer';
