import { shows } from '$lib/desk'

export const load = shows('GET /api/reports', async (desk, { url }) => ({
  reports: await desk.ask(desk.council.reports(url.search))
}))
