"""Cases (个案): mandatory reports, referrals and suggestions, from the first word to the last."""
