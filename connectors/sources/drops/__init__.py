"""Sources that drop files: folders of SFTP servers, prefixes of buckets.

connection   what a description says: where, who asks, when a file is whole
place        what a place of drops is: what lies there, and its bytes
sftp         an SFTP server whose host key is known
bucket       S3, Azure Blob Storage, Google Cloud Storage
taking       one file, whole: it stood still, and its bytes are as many as were listed
fetch        a whole fetch: every file that is new, and what lies there
"""
