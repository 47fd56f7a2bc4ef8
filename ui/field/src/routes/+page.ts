import { shows } from '$lib/shows'

export const load = shows(async (app) => ({ today: await app.read(app.core.today()) }))
