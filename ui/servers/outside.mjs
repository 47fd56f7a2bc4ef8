// Servers for the end-to-end tests: a mail server that asks for STARTTLS and a password, and a
// system that receives webhooks about cases. Each mail or call is printed as a line of JSON.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { SMTPServer } from 'smtp-server'

const refuses = Number(process.env.DOORSTEP_REFUSES ?? 0)
let mails = 0
let calls = 0
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)

const mail = new SMTPServer({
  cert: readFileSync(process.env.DOORSTEP_CERTIFICATE),
  key: readFileSync(process.env.DOORSTEP_KEY),
  onAuth(auth, session, done) {
    const right = session.secure && auth.username === 'doorstep' && auth.password === 'a mail password'
    done(right ? null : new Error('no'), right ? { user: 'doorstep' } : undefined)
  },
  onData(stream, session, done) {
    let text = ''
    stream.on('data', (chunk) => (text += chunk))
    stream.on('end', () => {
      mails += 1
      if (mails <= refuses) return done(Object.assign(new Error('try later'), { responseCode: 451 }))
      tell({ mail: text, to: session.envelope.rcptTo.map((one) => one.address), secure: session.secure })
      done()
    })
  }
})

const system = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += chunk))
  request.on('end', () => {
    calls += 1
    response.writeHead(calls <= refuses ? 503 : 204).end()
    if (calls > refuses) tell({ call: body, headers: request.headers })
  })
})

mail.listen(0, '127.0.0.1', () =>
  system.listen(0, '127.0.0.1', () => tell({ smtp: mail.server.address().port, http: system.address().port }))
)
