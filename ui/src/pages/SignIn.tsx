// The way in: one form, the server's own words when it refuses.
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { ApiError } from '../api/client';
import { useSignIn } from '../api/use';
import { Mark } from '../frame/Mark';
import classes from './SignIn.module.css';

/** A refused password is worded here, so that the form never tells which half was wrong. */
function reason(error: Error): string {
  if (error instanceof ApiError && error.status === 401)
    return 'This e-mail address and password do not belong together.';
  if (error instanceof ApiError && error.status === 429) return 'Too many attempts. Wait a minute, then try again.';
  return error.message;
}

export function SignIn() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useSignIn();
  useEffect(() => {
    document.title = 'Sign in · Leadline';
  }, []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!signIn.isPending) signIn.mutate({ email: email.trim(), password });
  };
  return (
    <main className={classes.page}>
      <form className={classes.form} onSubmit={submit} aria-labelledby="signin">
        <div className={classes.mark}>
          <Mark size={32} />
        </div>
        <h1 id="signin">Sign in to Leadline</h1>
        <TextInput
          label="E-mail address"
          type="email"
          name="email"
          autoComplete="username"
          required
          withAsterisk={false}
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        {signIn.error && (
          <p className={classes.error} role="alert">
            {reason(signIn.error)}
          </p>
        )}
        <Button type="submit" size="sm" fullWidth aria-disabled={signIn.isPending}>
          {signIn.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
        <p className={classes.hint}>
          <code>leadline up</code> prints the first administrator’s address and password when it makes them.
        </p>
      </form>
    </main>
  );
}
