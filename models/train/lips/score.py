"""CTC forward probabilities: of one string of digits, and of all strings of its length."""
import numpy as np
import torch
import torch.nn.functional as F


def phrase(logp, lengths, phrases):
    """ln P(phrase) for each row of logp [B, T, 11]; phrases [B, n] digits."""
    b, n = phrases.shape
    loss = F.ctc_loss(torch.as_tensor(logp).transpose(0, 1), torch.as_tensor(phrases) + 1, torch.as_tensor(lengths),
                      torch.full((b,), n, dtype=torch.long), blank=0, reduction="none")
    return -loss.numpy()


def any_phrase(logp, lengths, n):
    """ln P(any n digits) for each row: digit[k] holds the mass whose k-th digit (from 1) is being said, blank[k] rests after k."""
    b, t, _ = logp.shape
    digit = np.full((b, n + 1, 10), -1e9, np.float64)
    blank = np.full((b, n + 1), -1e9, np.float64)
    blank[:, 0] = 0
    out = np.zeros(b)
    for i in range(t):
        rest, said = logp[:, i, :1], logp[:, i, 1:]
        total = lse(digit, 2)
        others = lse_except(digit)  # mass that may step to each digit without a rest: all digits but itself
        new = np.full_like(digit, -1e9)
        new[:, 1:] = np.logaddexp(np.logaddexp(digit[:, 1:], blank[:, :-1, None]), others[:, :-1]) + said[:, None]
        blank = np.logaddexp(blank, total) + rest
        digit = new
        end = lengths == i + 1
        out[end] = np.logaddexp(blank[end, n], lse(digit[end, n], 1))
    return out


def lse(x, axis):
    m = x.max(axis)
    return m + np.log(np.exp(x - np.expand_dims(m, axis)).sum(axis))


def lse_except(x):
    """ln of the sum of exp over all of the last axis but each place itself."""
    m = x.max(-1, keepdims=True)
    e = np.exp(x - m)
    return m + np.log(np.maximum(e @ (1 - np.eye(x.shape[-1])), 1e-300))


def posterior(logp, lengths, phrases):
    """(ln P(phrase) − ln P(any of its length)) / n."""
    n = phrases.shape[1]
    return (phrase(logp, lengths, phrases) - any_phrase(np.asarray(logp, np.float64), np.asarray(lengths), n)) / n
