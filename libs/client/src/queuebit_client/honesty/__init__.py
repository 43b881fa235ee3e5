"""The honesty report: what an answer owes to which part of the machinery, with intervals, and null with a reason where unknown.

Pure: from the documents of jobs (`queuebit_client.document_of`) to plain values. The definitions stand in
infra/docs/explanation/honesty-report.md.
"""
