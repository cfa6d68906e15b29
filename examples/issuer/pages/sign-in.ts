import { type Html, html } from './layout.ts'

export function signInPage(action: string, hasFailed: boolean): Html {
  const fault = hasFailed ? html`<p role="alert">Name or password are not right.</p>` : undefined
  return html`${fault}<form method="post" action="${action}">
<label for="login">Name</label><input id="login" name="login" autocomplete="username" required autofocus>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<button class="main" type="submit" name="do" value="sign-in">Sign in</button>
</form>`
}
