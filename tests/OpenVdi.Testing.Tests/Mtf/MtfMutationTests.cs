using System.Globalization;
using OpenVdi.Testing.Mtf;
using Xunit.Abstractions;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>The checker is shown a medium for every rule that breaks that rule alone, and must name it.</summary>
public sealed class MtfMutationTests(ITestOutputHelper output)
{
    public static TheoryData<string> Mutations =>
        [.. MtfMutations.All.Select((mutation, index) => $"{index} {mutation.Rule}, {mutation.Subject}")];

    [Theory]
    [MemberData(nameof(Mutations))]
    public void Check_OfAMediumThatBreaksOneRule_NamesIt(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        MtfMutation mutation = MtfMutations.All[int.Parse(name.Split(' ')[0], CultureInfo.InvariantCulture)];
        MtfViolationException violation = Assert.Throws<MtfViolationException>(mutation.Make().Check);
        output.WriteLine(violation.Message);
        Assert.Equal((mutation.Rule, mutation.Subject), (MtfMutations.NameOf(violation.Violated), violation.Subject));
        Assert.Equal(violation.Violated.Section, violation.Rule);
    }

    [Fact]
    public void Rules_HaveEachAMutation() =>
        Assert.Empty(MtfMutations.RuleNames.Except(MtfMutations.All.Select(mutation => mutation.Rule)));
}
