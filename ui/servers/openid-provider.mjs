// An OpenID Connect provider for the end-to-end tests, with a library that is certified for it. It
// prints its address. `PUT /accounts/<name>` changes the e-mail address of an account.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const address = process.env.DOORSTEP_CONSOLE

/** The provider's accounts by name. Claims can change, but the name stays the same. */
const accounts = {
  ruth: { email: 'Lead-1@council.example', email_verified: true },
  joan: { email: 'super-1@council.example', email_verified: false },
  harriet: { email: 'melton-1@council.example', email_verified: true },
  stranger: { email: 'stranger@example.com', email_verified: true }
}

const server = createServer()
await new Promise((listens) => server.listen(0, '127.0.0.1', listens))
const issuer = `http://127.0.0.1:${server.address().port}`
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'doorstep',
      client_secret: 'a secret of the provider',
      redirect_uris: [`${address}/api/sign-in/openid/back`],
      response_types: ['code']
    }
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
  cookies: { keys: ['only for tests'] }
})
const answers = provider.callback()
server.on('request', (request, response) => {
  const account = /^\/accounts\/(\w+)$/.exec(request.url ?? '')?.[1]
  if (request.method !== 'PUT' || !account) return answers(request, response)
  let email = ''
  request.on('data', (chunk) => (email += chunk))
  request.on('end', () => {
    accounts[account].email = email
    response.writeHead(204).end()
  })
})
process.stdout.write(`${JSON.stringify({ issuer })}\n`)
