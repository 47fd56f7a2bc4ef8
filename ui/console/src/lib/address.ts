// The address holds a view's filters, its order and where its page begins, so that every view can
// be bookmarked and sent.

/** The address with other parameters, from the list's first page. `''` removes a parameter. */
export function withQuery(at: URL, said: Record<string, string>): string {
  const query = new URLSearchParams(at.search)
  query.delete('after')
  for (const [name, value] of Object.entries(said)) {
    if (value) query.set(name, value)
    else query.delete(name)
  }
  return query.size > 0 ? `${at.pathname}?${query}` : at.pathname
}

/** The address that exports what a view shows as a file, such as `visits.csv`. */
export function exported(at: URL, file: string, said: Record<string, string> = {}): string {
  return withQuery(at, said).replace(at.pathname, `/api/exports/${file}`)
}

/** The address at which a browser begins to sign in with a council account, and comes back to a page. */
export function signInAt(page: URL): string {
  return `/api/sign-in/openid?${new URLSearchParams({ page: withQuery(page, { 'sign-in': '' }) })}`
}
