import { shows } from '$lib/desk'

export const load = shows('GET /api/today', async (desk) => ({ today: await desk.ask(desk.council.today(false)) }))
