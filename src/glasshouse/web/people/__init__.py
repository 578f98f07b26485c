"""Accounts, sign-in, tokens and the audit log."""
