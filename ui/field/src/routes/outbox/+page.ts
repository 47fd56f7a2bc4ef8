import { shows } from '$lib/shows'

export const load = shows(async (app) => ({ outbox: await app.read(app.core.outbox()) }))
