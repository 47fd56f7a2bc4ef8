import { shows } from '$lib/desk'

export const load = shows('GET /api/codes', async (desk) => ({ codes: await desk.ask(desk.council.codes()) }))
