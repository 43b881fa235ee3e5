"""What can happen to servers, services and topics, each made to happen on purpose: for drills and for chaos."""
