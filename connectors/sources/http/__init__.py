"""Sources that answer over HTTP: lists in JSON, page by page, and what is asked about each of their records.

connection   what a description says: where, how fast, what is kept
client       one request: retries, rate, size, redirects, credentials
kept         which values of an answer are written down, and which only as being there
answers      what was answered, address by address, so that a fetch can be resumed and asked "anything new?"
listing      a whole list, however many pages it has, that did not move while it was read
fetch        a whole fetch: one file of raw JSON Lines per log, there only when everything was answered
"""
