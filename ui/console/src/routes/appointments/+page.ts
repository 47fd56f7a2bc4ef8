import { shows } from '$lib/desk'

export const load = shows('GET /api/appointments', async (desk, { url }) => ({
  list: await desk.ask(desk.council.appointments(url.search))
}))
