namespace OpenVdi.Testing;

/// <summary>A script's step did not go as the script says, or what it awaited did not come.</summary>
public sealed class ScriptFailedException(string message) : Exception(message);
