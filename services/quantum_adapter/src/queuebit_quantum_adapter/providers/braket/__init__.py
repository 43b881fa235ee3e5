"""Amazon Braket: its devices through boto3, and its simulator on this machine. Needs the extra `braket`."""
