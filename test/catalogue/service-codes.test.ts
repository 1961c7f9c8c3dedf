// Which service a registered service principal speaks for: its own, and never this one.
import { describe, expect, it } from 'vitest';
import { catalogueOf, readCatalogue } from '../../src/catalogue/index.js';
import { shopFile, texts } from './support.js';

const principal = (name: string) => ({ service_principal: name, service_catalog: 'Business', display_name: texts('X'), description: texts('X') });

describe('a service principal speaks for', () => {
  it.each<[who: string, code: string | undefined]>([
    ['service.OBS', 'obs'], ['SERVICE.obs', 'obs'], ['service.CBR', 'cbr'], ['service.MyShop', 'myshop'], ['service.my-shop', 'my-shop'],
    // This service decides upon its own actions itself.
    ['service.STS', undefined], ['service.IAM', undefined], ['service.iam', undefined],
    ['service.1shop', undefined], ['service.-', undefined],
  ])('%s: %s', async (who, code) => {
    expect((await readCatalogue()).serviceCode(who)).toBe(code);
  });

  it('what the file says that has it, and not for a service that another principal stands for', () => {
    const catalogue = catalogueOf([shopFile({ service_principals: [principal('service.Market'), principal('service.Stall')], service_linked_agencies: [] })]);
    expect(['service.Market', 'service.stall', 'service.Shop', 'service.other'].map((who) => catalogue.serviceCode(who))).toEqual(['shop', 'shop', undefined, 'other']);
  });
});
