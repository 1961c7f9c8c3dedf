// The service principals that agencies can trust (IAM v5 API §9).
import { z } from 'zod';
import type { Ground, Result } from './account-call.js';
import { inLanguageOf } from './language.js';
import { listingBy, pageInfo, pageOf, pageQuery } from './page.js';

export const servicePrincipalsQuery = z.object(pageQuery);
export const servicePrincipalsResponse = z.object({
  service_principals: z.array(z.object({ service_principal: z.string(), service_catalog: z.string(), display_name: z.string(), description: z.string() })),
  page_info: pageInfo,
});

export function list(ground: Ground, { query }: { readonly query: z.output<typeof servicePrincipalsQuery> }): Result<z.infer<typeof servicePrincipalsResponse>> {
  const page = pageOf(listingBy('service-principals', ground.services.catalogue.servicePrincipals, ({ servicePrincipal }) => servicePrincipal), query);
  const principals = page.items.map(({ servicePrincipal, serviceCatalog, displayName, description }) => ({
    service_principal: servicePrincipal, service_catalog: serviceCatalog, display_name: inLanguageOf(ground, displayName), description: inLanguageOf(ground, description),
  }));
  return { body: { service_principals: principals, page_info: page.pageInfo } };
}
