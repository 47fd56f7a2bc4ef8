/** Whether the session has ended while a page was open. The sign-in is then shown over the page. */
export const session = $state({ over: false })
