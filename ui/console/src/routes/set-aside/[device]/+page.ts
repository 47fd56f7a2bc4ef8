import { shows } from '$lib/desk'

export const load = shows('GET /api/set-aside/{device}', async (desk, { params }) => ({
  phone: await desk.ask(desk.council.setAsideOf(params.device))
}))
