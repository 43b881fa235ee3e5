"""Submissions through the real client while processes die everywhere: is each paid for once?"""
