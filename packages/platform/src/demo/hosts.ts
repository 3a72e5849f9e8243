/** Names under which the demo is reached through the edge. Below localhost: they resolve to this machine by themselves. */
export const CONSOLE_HOST = "console.localhost";
export const HELLO_HOST = "hello.localhost";
