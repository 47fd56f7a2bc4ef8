import { shows } from '$lib/shows'

export const load = shows(async (app) => ({ code: await app.read(app.core.code(null)) }))
