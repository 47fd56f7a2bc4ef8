// A provider of accounts that lies, for the end-to-end tests. It prints its address. The code that
// it is given back says which lie to tell: `lie nonce`, both behind each other.
import { createHash, createHmac, createSign, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'

const [own, other] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }))
const published = { ...own.publicKey.export({ format: 'jwk' }), kid: 'own', use: 'sig', alg: 'RS256' }
const base64 = (bytes) => Buffer.from(bytes).toString('base64url')

/** Signs with RS256, or as the lie has it. */
function signed(lie, claims) {
  const alg = { unsigned: 'none', 'shared-secret': 'HS256' }[lie] ?? 'RS256'
  const said = `${base64(JSON.stringify({ alg, kid: 'own' }))}.${base64(JSON.stringify(claims))}`
  if (lie === 'unsigned') return `${said}.`
  if (lie === 'shared-secret') {
    // Whoever takes the public key for a shared secret believes this one.
    const secret = own.publicKey.export({ format: 'pem', type: 'spki' })
    return `${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`
  }
  const key = lie === 'other-key' ? other.privateKey : own.privateKey
  const signature = createSign('RSA-SHA256').update(said).sign(key, 'base64url')
  if (lie !== 'altered') return `${said}.${signature}`
  const altered = base64(JSON.stringify({ ...claims, email: 'super-1@council.example' }))
  return `${said.split('.')[0]}.${altered}.${signature}`
}

function tokens(lie, nonce) {
  const now = Math.floor(Date.now() / 1000)
  const access = 'an access token'
  const hash = (text) => createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')
  const claims = {
    iss: lie === 'other-issuer' ? 'https://provider.example' : issuer,
    aud: lie === 'other-client' ? 'somebody-else' : 'doorstep',
    sub: 'ruth',
    email: 'lead-1@council.example',
    email_verified: lie !== 'unverified',
    iat: now,
    exp: lie === 'old' ? now - 3_600 : now + 300,
    ...(lie === 'long-ago' ? { auth_time: now - 13 * 3_600 } : {}),
    ...{
      'two-factors': { acr: 'gold', amr: ['pwd', 'mfa'] },
      'other-class': { acr: 'silver', amr: ['mfa'] },
      'one-factor': { acr: 'gold', amr: ['pwd'] }
    }[lie],
    nonce: lie === 'other-nonce' ? 'of another sign-in' : nonce,
    at_hash: hash(lie === 'other-access' ? 'of another answer' : access)
  }
  const id = lie === 'none' ? {} : { id_token: signed(lie, claims) }
  return { access_token: access, token_type: 'Bearer', expires_in: 300, ...id }
}

const server = createServer((request, response) => {
  const answers = (said) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said))
  }
  let body = ''
  request.on('data', (chunk) => (body += chunk))
  request.on('end', () => {
    if (request.url === '/keys') return answers({ keys: [published] })
    if (request.url === '/token') {
      const [lie, nonce] = (new URLSearchParams(body).get('code') ?? '').split(' ')
      return answers(tokens(lie, nonce))
    }
    answers({
      issuer: process.env.DOORSTEP_LIES === 'metadata' ? 'https://provider.example' : issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      ...(process.env.DOORSTEP_LIES === 'endless' ? { padding: 'x'.repeat(8 * 1024 * 1024) } : {})
    })
  })
})
await new Promise((listens) => server.listen(0, '127.0.0.1', listens))
const issuer = `http://127.0.0.1:${server.address().port}`
process.stdout.write(`${JSON.stringify({ issuer })}\n`)
