namespace OpenVdi.Testing.Mtf;

/// <summary>One statement about Microsoft Tape Format that a medium can break.</summary>
/// <param name="Section">The section of the format's page that says so, such as "3.2".</param>
/// <param name="Statement">What must hold.</param>
public sealed record MtfRule(string Section, string Statement)
{
    /// <inheritdoc/>
    public override string ToString() => $"rule {Section}: {Statement}";
}
