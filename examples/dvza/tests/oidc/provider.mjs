// SPDX-License-Identifier: AGPL-3.0-or-later
// oidc-provider in the place of a DigiD broker. Who logs in next, and how well, is what the test says with
// POST /next?bsn=…&acr=… (or ?cancel=1); nothing is asked of a person.
//
// It prints its issuer and ends when standard input does.

import http from 'node:http';
import { Provider, interactionPolicy } from 'oidc-provider';

const REDIRECT = 'https://dvza.example.nl/oauth/login';
const LEVEL = 'http://eidas.europa.eu/LoA/substantial';

let next = {};
// the level that was reached is what this provider says, also where more was demanded: whoever asks has to look
const policy = interactionPolicy.base();
policy.get('login').checks.remove('essential_acrs');
policy.get('login').checks.remove('essential_acr');

const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'dvza',
      client_secret: 'a secret of the test',
      redirect_uris: [REDIRECT],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    }],
    acrValues: [LEVEL, 'http://eidas.europa.eu/LoA/low'],
    claims: { openid: ['sub', 'bsn'], acr: null },
    conformIdTokenClaims: false,
    cookies: { keys: ['of the test'] },
    features: { devInteractions: { enabled: false }, claimsParameter: { enabled: true } },
    findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, bsn: id }) }),
    interactions: { policy, url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid');
      grant.addOIDCClaims(['bsn', 'acr']);
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    ttl: { Session: 1, Interaction: 600, Grant: 600, IdToken: 300, AccessToken: 300 },
  });
  const callback = provider.callback();
  server.on('request', async (request, response) => {
    const url = new URL(request.url, issuer);
    if (url.pathname === '/next') {
      next = Object.fromEntries(url.searchParams);
      response.end();
    } else if (url.pathname.startsWith('/interaction/')) {
      const result = next.cancel
        ? { error: 'access_denied' }
        : { login: { accountId: next.bsn, acr: next.acr ?? LEVEL, remember: false } };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    } else {
      callback(request, response);
    }
  });
  console.log(issuer);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
