// SPDX-License-Identifier: AGPL-3.0-or-later
// oidc-provider as `medmij-load bench --store node:…/server.mjs` drives it: authorization codes of one client, exchanged over
// mutual TLS with the client certificate as authentication (RFC 8705, tls_client_auth), opaque tokens, a store in memory.
//
// It takes the folder of the run as its argument, writes its addresses there, says `ready`, and ends when standard input does.
// /load/codes?n= makes codes off the clock, with the models of oidc-provider itself, as its own consent step makes them.

import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { Provider } from 'oidc-provider';

const HOST = 'dvza.example.nl';
const CLIENT = 'pgo.example.nl';
const REDIRECT = 'https://pgo.example.nl/cb';
const LIFETIME = 900;

const folder = process.argv[2];
const read = (name) => readFileSync(path.join(folder, name));

// As small a store as can be: one map, and the ids of a grant. The one that oidc-provider brings keeps no more than 1,000
// entries and is not meant for use.
const rows = new Map();
const grants = new Map();
class Memory {
  constructor(kind) { this.kind = kind; }
  key(id) { return `${this.kind}:${id}`; }
  async upsert(id, payload, expiresIn) {
    const key = this.key(id);
    rows.set(key, { payload, ends: Date.now() + expiresIn * 1000 });
    if (payload.grantId && this.kind !== 'Grant') {
      const of = grants.get(payload.grantId);
      if (of) of.push(key); else grants.set(payload.grantId, [key]);
    }
  }
  async find(id) {
    const row = rows.get(this.key(id));
    return row && row.ends > Date.now() ? row.payload : undefined;
  }
  async consume(id) {
    const row = rows.get(this.key(id));
    if (row) row.payload.consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) { rows.delete(this.key(id)); }
  async revokeByGrantId(id) {
    for (const key of grants.get(id) ?? []) rows.delete(key);
    grants.delete(id);
  }
  async findByUid() { return undefined; }
  async findByUserCode() { return undefined; }
}

const provider = new Provider(`https://${HOST}`, {
  adapter: Memory,
  clients: [{
    client_id: CLIENT,
    redirect_uris: [REDIRECT],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: CLIENT,
  }],
  clientAuthMethods: ['tls_client_auth'],
  features: {
    devInteractions: { enabled: false },
    mTLS: {
      enabled: true,
      tlsClientAuth: true,
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate?.(),
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_san_dns' && ctx.socket.getPeerX509Certificate().checkHost(expected) === expected,
    },
  },
  pkce: { required: () => false },
  scopes: ['48'],
  routes: { token: '/oauth/token' },
  ttl: { AuthorizationCode: LIFETIME, AccessToken: LIFETIME, Grant: LIFETIME },
  findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  cookies: { keys: ['not used: no browser comes here'] },
});
provider.proxy = false;
const client = await provider.Client.find(CLIENT);

let persons = 0;
async function code() {
  const accountId = `persoon-${persons += 1}`;
  const grant = new provider.Grant({ accountId, clientId: CLIENT });
  grant.addOIDCScope('48');
  const grantId = await grant.save();
  const made = new provider.AuthorizationCode({
    accountId, client, grantId, gty: 'authorization_code', redirectUri: REDIRECT, scope: '48',
  });
  return made.save();
}

async function codes(request, response) {
  const count = Number(new URL(request.url, `https://${HOST}`).searchParams.get('n'));
  const made = [];
  for (let i = 0; i < count; i += 1) made.push(await code());
  const body = made.join('\n');
  response.writeHead(200, { 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const callback = provider.callback();
const server = https.createServer({
  key: read('node.key.pem'),
  cert: read('node.chain.pem'),
  ca: read('roots.pem'),
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: 'TLSv1.2',
}, (request, response) => {
  if (request.url.startsWith('/load/codes?')) codes(request, response);
  else callback(request, response);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = `127.0.0.1:${server.address().port}`;
  writeFileSync(path.join(folder, 'addresses'), `pid ${process.pid}\nfront ${address}\nback ${address}\n`);
  console.log('ready');
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
