import { shows } from '$lib/desk'

export const load = shows('GET /api/numbers', async (desk) => ({ list: await desk.ask(desk.council.numbers()) }))
